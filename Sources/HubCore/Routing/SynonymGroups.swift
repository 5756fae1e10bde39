/// The groups of `SynonymTable.standard`, one a line: English words as they stand in a dictionary, Chinese ones as pairs of characters
/// (`据库` is the pair that only 数据库 has).
enum SynonymGroups {
    /// What tools do.
    static let verbs = lines(
        """
        get fetch retrieve obtain read load pull show display view 获取 读取 查看 显示 加载 取得 得到
        list enumerate browse show all 列出 列表 浏览 列举 全部 所有
        search find lookup query discover locate 搜索 查找 查询 检索 寻找 搜寻 查一
        create add make new insert register generate build 创建 新建 添加 新增 建立 增加 生成 注册 插入 制作
        update modify edit change set alter adjust rename patch 更新 修改 编辑 更改 设置 调整 变更
        delete remove clear drop erase cancel unset 删除 移除 清除 取消 清空 删掉
        send post publish submit deliver message 发送 发布 提交 发给 发出 推送
        notify alert remind reminder notification 通知 提醒 提示 警报 告警 预警
        convert transform translate conversion 转换 换算 转化 转成 转为 兑换 折算
        translate translation language 翻译 译成 语言 译文
        calculate compute determine evaluate estimate solve calculation 计算 求解 估算 测算 运算 评估
        book reserve reservation booking 预订 预定 预约 订票 订房
        schedule appointment calendar event meeting agenda 日程 安排 日历 会议 预约 约会 行程 事件
        compare comparison versus difference 比较 对比 差异 区别 比对
        download save export store write 下载 保存 导出 存储 写入 储存
        upload import attach 上传 导入 附加 附件
        play stream listen watch 播放 收听 观看
        analyze analysis examine inspect analytics insight 分析 解析 检查 洞察 剖析
        recommend suggest recommendation suggestion advice 推荐 建议 意见
        summarize summary summarise summarization overview 总结 摘要 概述 概括 概要 归纳
        check verify validate status confirm 检查 验证 校验 确认 核实 状态 核对
        run execute launch start invoke 运行 执行 启动 开始 调用
        stop kill terminate end pause 停止 终止 结束 暂停 关闭
        monitor track tracking trace follow 监控 跟踪 追踪 监测 监视
        buy purchase order shop shopping 购买 订单 下单 购物 采购 买入
        draw plot chart graph diagram visualize visualization 绘制 图表 绘图 可视 画图 曲线
        extract parse scrape crawl 提取 抽取 抓取 爬取 解析
        copy duplicate clone 复制 拷贝 克隆
        move transfer relocate 移动 转移 转账 迁移
        rate review rating feedback 评分 评价 评论 反馈 点评
        count total sum tally 统计 总数 合计 计数 数量
        sort rank order ranking 排序 排名 排行
        enable activate 启用 激活 开启 打开
        disable deactivate 禁用 停用 关闭
        share invite collaborate 分享 共享 邀请
        approve accept grant permit 批准 审批 同意 授权
        reject deny refuse decline 拒绝 驳回
        assign allocate delegate 分配 指派 委派
        merge combine join concatenate 合并 组合 拼接
        split divide separate 拆分 分割 分开
        encrypt encode cipher 加密 编码
        decrypt decode decipher 解密 解码
        compress zip archive 压缩 打包 归档
        install deploy setup 安装 部署
        predict forecast prediction projection 预测 预报 预估
        detect identify recognize recognition classify 检测 识别 辨认 分类
        pay payment charge checkout billing 支付 付款 缴费 结账
        reply respond answer response 回复 回答 答复 应答
        open visit navigate 打开 访问
        fix repair resolve troubleshoot 修复 修理 解决 维修
        """)

    /// What tools are about.
    static let nouns = lines(
        """
        weather forecast temperature climate rain rainy humidity 天气 气温 温度 气象 降雨 下雨 湿度 气候
        movie film cinema 电影 影片 影院 影视
        tv television show series episode 电视 剧集 节目 视剧
        song track music tune melody 歌曲 音乐 曲目 乐曲
        artist singer band musician 歌手 艺人 乐队 艺术
        playlist album 歌单 专辑
        photo picture image photograph pic 照片 图片 图像 相片
        video clip youtube 视频 短片 影片
        stock share equity ticker market quote 股票 股价 行情 股市 证券
        currency forex exchange money 货币 汇率 外汇 换汇 币种
        crypto cryptocurrency bitcoin coin ethereum token 加密 特币 代币
        finance financial investment investing invest economy 金融 财务 投资 理财 经济 财经
        news headline article press 新闻 资讯 头条 文章 报道
        email mail inbox gmail 邮件 邮箱 电邮
        chat message conversation sms text 聊天 消息 对话 短信 信息
        flight airline plane airport fly aviation 航班 机票 飞机 机场 航空
        train railway rail station 火车 高铁 列车 车站 铁路 车票
        hotel accommodation lodging hostel stay room 酒店 住宿 宾馆 旅馆 房间 民宿
        restaurant dining eat meal food cuisine 餐厅 餐馆 美食 饭店 用餐 饮食 外卖
        recipe cook cooking ingredient dish meal 菜谱 食谱 烹饪 做菜 食材 菜肴
        travel trip itinerary vacation tour tourism destination journey 旅行 旅游 行程 出行 度假 景点
        map location place address geocode coordinate latitude longitude 地图 位置 地点 地址 坐标 经纬 定位
        direction route navigation distance drive path 路线 导航 距离 路径 驾车 方向
        nearby near around radius closest 附近 周边 周围 最近
        traffic road congestion commute 交通 路况 拥堵 通勤
        job career employment vacancy hiring position 工作 职位 招聘 求职 岗位 就业
        resume cv 简历 履历
        course class tutorial learn education lesson study 课程 教程 学习 教育 上课 培训
        student school university college teacher 学生 学校 大学 老师 教师
        book novel literature reading 书籍 图书 小说 阅读 文学
        paper research academic scholar arxiv journal publication study 论文 研究 学术 期刊 文献
        game gaming play 游戏 玩家
        health medical doctor disease symptom medicine clinical 健康 医疗 医生 疾病 症状 医院 病情 诊断
        hospital clinic patient 医院 诊所 患者 病人
        drug medication pharmaceutical 药品 药物 用药
        law legal lawyer legislation court 法律 法规 律师 法院 法条
        contract agreement 合同 协议
        property estate house home apartment rent rental 房产 房屋 住房 租房 公寓 房价 出租
        car vehicle auto automobile 汽车 车辆 轿车
        product item goods merchandise 产品 商品 货物 物品
        stock inventory warehouse 库存 仓库 存货
        price cost pricing fee 价格 费用 成本 报价 售价
        deal discount coupon offer promo sale 优惠 折扣 促销 惠券 打折
        gift present 礼物 礼品
        customer client buyer 客户 顾客 用户
        invoice bill receipt 发票 账单 收据 票据
        document doc pdf file word 文档 文件
        spreadsheet excel sheet workbook 表格 作表
        slide presentation powerpoint ppt 幻灯 演示 灯片
        folder directory 件夹 目录
        website webpage url link web page site 网站 网页 网址 链接
        internet web online 互联 上网 网络 在线
        code program programming repository github software developer 代码 编程 仓库 程序 软件
        branch commit git repository 分支 提交
        bug issue defect error problem 缺陷 问题 错误 故障
        ticket case request incident 工单 案件
        server host machine instance 务器 主机 实例
        log logs history record 日志 记录 历史
        database sql table 据库 数据
        backup snapshot restore recovery 备份 快照 恢复
        user account profile member 用户 账号 账户 帐号 会员 资料
        employee staff worker personnel 员工 职员 人员
        department team group organization 部门 团队 小组 组织
        password login credential authentication 密码 登录 口令 认证 凭证
        permission access role privilege 权限 角色 访问
        team squad club 球队 俱乐
        sport football soccer basketball league match fixture score tournament 体育 足球 篮球 比赛 赛事 联赛 运动
        horoscope astrology zodiac tarot 星座 占星 运势 塔罗
        charity donation nonprofit 慈善 捐款 捐赠 公益
        domain dns whois 域名
        phone telephone mobile number 电话 手机 号码
        contact contacts 联系 通讯
        package parcel shipment shipping delivery tracking 快递 包裹 物流 运单 配送 运输
        time clock timezone date 时间 时区 时钟 日期
        task todo note 任务 待办 笔记 便签
        alarm timer countdown 闹钟 定时 倒计
        joke funny humor 笑话 幽默 段子
        quote saying 名言 语录
        animal pet dog cat 动物 宠物
        plant garden gardening flower 植物 园艺 花卉
        fitness exercise workout gym 健身 锻炼 运动
        nutrition calorie diet 营养 卡路 饮食 热量
        tax income salary 税务 个税 收入 工资 薪资 税款
        loan mortgage credit debt 贷款 房贷 信贷 债务
        insurance policy claim 保险 保单 理赔
        bank banking account balance 银行 余额 账户
        event concert ticket 活动 演唱 门票
        trend trending popular hot 趋势 热门 热搜 热点
        picture art artwork painting museum 绘画 艺术 画作 博物
        color colour palette 颜色 色彩 配色
        font typeface 字体
        keyword seo ranking 关键 排名
        advertisement advertising ad ads campaign marketing 广告 营销 推广 投放
        word dictionary definition vocabulary meaning 词典 词语 单词 释义 含义 成语
        number math arithmetic equation 数学 方程 算术 数字
        statistics statistical average mean median deviation 统计 平均
        unit measurement metric 单位 度量
        audio sound voice speech 音频 声音 语音
        device appliance smart iot 设备 家电 智能
        light lamp bulb lighting 灯光 电灯 照明 台灯
        camera photography 相机 摄像
        report reporting dashboard 报告 报表 报道
        survey poll questionnaire form 问卷 调查 表单
        vote election voting 投票 选举
        energy electricity power 能源 电力 用电 电费
        air quality pollution aqi 空气 污染
        earthquake disaster hurricane 地震 灾害 台风
        translation dictionary 词典 翻译
        religion bible verse prayer 宗教 圣经
        baby child kid family 儿童 孩子 婴儿 家庭
        wedding marriage dating 婚礼 婚姻
        beauty cosmetic makeup skincare 美容 化妆 护肤
        clothing fashion outfit clothes apparel 服装 穿搭 时尚 衣服
        wine beer cocktail drink beverage 饮料 红酒 啤酒
        space astronomy planet nasa 太空 天文 行星 航天
        chemistry chemical molecule compound 化学 分子
        gene dna genome protein 基因 蛋白
        festival holiday 节日 假期 节假
        qr barcode 维码 条码
        """)

    private static func lines(_ text: String) -> [String] { text.split(separator: "\n").map(String.init) }
}
